package strict_test

import (
	"errors"
	"fmt"

	"github.com/webhook-functions/template/shared/strict"
)

func ExampleUnmarshal() {
	type usage struct {
		Type    string `json:"type" strict:"nonempty"`
		Payload struct {
			Value strict.Number `json:"value" strict:"required"`
			Human string        `json:"human"`
		} `json:"payload" strict:"required"`
	}
	for _, body := range []string{
		`{"type": "usage.tracked", "payload": {"value": 12.50, "human": null, "new": []}}`,
		`{"type": "usage.tracked", "payload": {"Value": 12.50}}`,
		`{"type": "usage.tracked", "payload": {"value": "12.50"}}`,
		`{"type": "usage.tracked", "payload": {"value": 1, "value": 1000000}}`,
	} {
		var u usage
		if err := strict.Unmarshal([]byte(body), &u); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u.Type, u.Payload.Value)
	}
	// Output:
	// usage.tracked 12.50
	// payload.value is missing
	// payload.value is not a number
	// not JSON: duplicate key at byte 50
}

func ExampleError() {
	var u struct {
		Type string `json:"type" strict:"required"`
	}
	for _, body := range []string{`{"type": 7}`, `{"type": 7`} {
		var e *strict.Error
		if errors.As(strict.Unmarshal([]byte(body), &u), &e) {
			fmt.Printf("not JSON: %v, path: %q, problem: %q\n", e.NotJSON(), e.Path, e.Problem)
		}
	}
	// Output:
	// not JSON: false, path: "type", problem: "is not a string"
	// not JSON: true, path: "", problem: "not JSON: ends too early"
}

func ExampleDecimal() {
	seconds, err := strict.ParseDecimal("12.3456785")
	if err != nil {
		fmt.Println(err)
		return
	}
	creditsPerSecond := strict.NewDecimal(2)
	charge := seconds.Mul(creditsPerSecond)
	micros, exact, err := charge.Micros()
	fmt.Println(charge, micros, exact, err)
	// Output: 24.691357 24691357 true <nil>
}
