package accounts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/strict"
)

// Tariff is the price list: credits per unit of a usage type. A usage type that
// is not in it is recorded at 0.
type Tariff map[string]strict.Decimal

// DefaultTariff takes one credit per conversational second.
const DefaultTariff = "conversational_seconds=1"

// ParseTariff reads "conversational_seconds=1,token_cnt=0.002". Prices are
// exact decimals and not negative: usage never credits. Errors count prices from
// 1 and quote nothing.
func ParseTariff(text string) (Tariff, error) {
	tariff := make(Tariff)
	for i, item := range strings.Split(text, ",") {
		usage, price, ok := strings.Cut(item, "=")
		usage = strings.TrimSpace(usage)
		if !ok || usage == "" {
			return nil, fmt.Errorf("price %d is not usage=price", i+1)
		}
		credits, err := strict.ParseDecimal(strings.TrimSpace(price))
		if err != nil {
			return nil, fmt.Errorf("price %d: %w", i+1, err)
		}
		if credits.Sign() < 0 {
			return nil, fmt.Errorf("price %d is negative", i+1)
		}
		if _, twice := tariff[usage]; twice {
			return nil, fmt.Errorf("price %d is of a usage that has one already", i+1)
		}
		tariff[usage] = credits
	}
	return tariff, nil
}

// Cost gives what value units of a usage type cost, in micro-credits and
// rounded half-even. exact is false if rounding changed it; priced is false for
// a usage type without a price.
func (t Tariff) Cost(usage string, value strict.Decimal) (cost ledger.Micro, exact, priced bool, err error) {
	price, priced := t[usage]
	if !priced {
		return 0, true, false, nil
	}
	micros, exact, err := value.Mul(price).Micros()
	if err != nil || micros > int64(ledger.MaxAmount) {
		return 0, false, true, errors.New("amount is out of range")
	}
	return ledger.Micro(micros), exact, true, nil
}
