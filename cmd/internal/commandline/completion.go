package commandline

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish; for bash: eval \"$(${program} completion bash)\"."`
}

// completions ask the program for the words that may follow.
var completions = map[string]string{
	"bash": inBash,
	"zsh":  "autoload -U +X bashcompinit && bashcompinit\n" + inBash,
	"fish": "complete -c %[1]s -a '(%[1]s complete-words -- (commandline -opc)[2..])'\n",
}

const inBash = `_%[1]s() { COMPREPLY=($(compgen -W "$(%[1]s complete-words -- "${COMP_WORDS[@]:1:COMP_CWORD-1}")" -- "${COMP_WORDS[COMP_CWORD]}")); }
complete -o default -F '_%[1]s' %[1]s
`

// Run prints the script.
func (c *completionCmd) Run(app *kong.Kong) error {
	_, err := fmt.Fprintf(app.Stdout, completions[c.Shell], app.Model.Name)
	return err
}

// wordsCmd prints what may follow the words typed.
type wordsCmd struct {
	Typed []string `arg:"" optional:"" help:"What was typed so far."`
}

// Run prints commands, flags and values, a line each.
func (c *wordsCmd) Run(app *kong.Kong) error {
	node := app.Model.Node
	for _, word := range c.Typed {
		for _, child := range node.Children {
			if child.Name == word {
				node = child
				break
			}
		}
	}
	for _, child := range node.Children {
		if !child.Hidden {
			fmt.Fprintln(app.Stdout, child.Name)
		}
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			fmt.Fprintln(app.Stdout, "--"+flag.Name)
		}
	}
	for _, argument := range node.Positional {
		if argument.Tag.Enum != "" {
			fmt.Fprintln(app.Stdout, strings.Join(argument.EnumSlice(), "\n"))
		}
	}
	return nil
}
