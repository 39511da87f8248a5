package commandline

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish; for bash: eval \"$(${program} completion bash)\"."`
}

// completions take the program's name and its words.
var completions = map[string]string{
	"bash": "complete -o default -W '%[2]s' %[1]s\n",
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -o default -W '%[2]s' %[1]s\n",
	"fish": "complete -c %[1]s -a '%[2]s'\n",
}

// Run prints a script that offers every command and flag, wherever it may stand.
func (c *completionCmd) Run(app *kong.Kong) error {
	var words []string
	err := kong.Visit(app.Model, func(node kong.Visitable, next kong.Next) error {
		switch node := node.(type) {
		case *kong.Node:
			words = append(words, node.Name)
		case *kong.Flag:
			words = append(words, "--"+node.Name)
		}
		return next(nil)
	})
	fmt.Fprintf(app.Stdout, completions[c.Shell], app.Model.Name, strings.Join(words, " "))
	return err
}
