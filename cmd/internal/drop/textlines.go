package drop

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// firstWord is a line's first word; of a block of Terraform it is its name.
var firstWord = regexp.MustCompile("^[\\s\"'-]*(?:(?:variable|output)\\s+\"|(?:resource|data)\\s+\"\\w+\"\\s+\")?([\\w./-]+)")

// configs are the files whose lines each set or run something.
var configs = regexp.MustCompile(`(?i)\.(tf|hcl|tfvars|ya?ml|toml|mk|example|tsv)$|^Makefile$|^\.ci/`)

// cloudWords are what texts call a cloud.
var cloudWords = map[string]*regexp.Regexp{"aws": regexp.MustCompile(`(?i)\bAWS\b`), "gcp": regexp.MustCompile(`(?i)\bGCP\b|Google Cloud`)}

func (s subject) namedIn(text string) bool {
	if s.cloud {
		return cloudWords[s.word].MatchString(text)
	}
	return strings.Contains(spelled(text), s.word)
}

// cutText cuts the lines of other files that are only about what goes.
func (s *Selection) cutText(subjects, rest []subject) error {
	var names []string
	for _, sub := range subjects {
		names = append(names, regexp.QuoteMeta(sub.name))
	}
	quoted := `"(?:` + strings.Join(names, "|") + `)"`
	element := regexp.MustCompile(`, ` + quoted + `|` + quoted + `, `)
	for _, name := range s.kept {
		text, err := os.ReadFile(filepath.Join(s.Root, name))
		if err != nil {
			return err
		}
		lines := strings.SplitAfter(string(text), "\n")
		for i, at := 0, 0; i < len(lines); {
			n := s.owned(name, lines[i:], subjects, rest)
			size := len(strings.Join(lines[i:i+max(n, 1)], ""))
			if n > 0 {
				s.Cuts[name] = append(s.Cuts[name], Span{at, at + size})
			} else if configs.MatchString(name) {
				for _, found := range element.FindAllStringIndex(lines[i], -1) {
					s.Cuts[name] = append(s.Cuts[name], Span{at + found[0], at + found[1]})
				}
			}
			i, at = i+max(n, 1), at+size
		}
	}
	return nil
}

// owned counts the lines, from the first on, that go together.
func (s *Selection) owned(name string, lines []string, subjects, rest []subject) int {
	alone := func(text string) bool {
		named := func(s subject) bool { return s.namedIn(text) }
		return slices.ContainsFunc(subjects, named) && !slices.ContainsFunc(rest, named)
	}
	first := strings.TrimSpace(lines[0])
	switch config, document := configs.MatchString(name), path.Ext(name) == ".md"; {
	case document && strings.HasPrefix(first, "|") && alone(strings.Split(first, "|")[1]), config && strings.HasPrefix(first, "[") && alone(first):
		return 1
	case document && slices.ContainsFunc(subjects, func(s subject) bool { return s.isPart() && strings.Contains(first, "hooks "+s.name) }):
		return 1
	case (document || config) && breaks(subjects) && slices.ContainsFunc(whole, func(name string) bool { return strings.Contains(first, name) }):
		return 1
	case document && strings.HasPrefix(first, "##") && alone(first):
		level, _, _ := strings.Cut(first, " ")
		return block(lines, func(line string) bool { return !strings.HasPrefix(line, "#") || strings.HasPrefix(line, level+"#") })
	case config && strings.HasPrefix(first, "#") && alone(first) && len(lines) > 1:
		if n := s.owned(name, lines[1:], subjects, rest); n > 0 {
			return 1 + n
		}
	case config && s.isOwn(first, subjects):
		indent := indentOf(lines[0])
		n := block(lines, func(line string) bool { return indentOf(line) > indent })
		if n < len(lines) && indentOf(lines[n]) == indent && strings.ContainsAny(lines[n][indent:min(indent+1, len(lines[n]))], "})]") {
			n++
		}
		return n
	case strings.HasSuffix(first, ":") && strings.HasPrefix(path.Ext(name), ".y"): // of YAML, a parent goes with its last child
		indent := indentOf(lines[0])
		n := block(lines, func(line string) bool { return indentOf(line) > indent })
		for i := 1; i < n; {
			owned := s.owned(name, lines[i:n], subjects, rest)
			if owned == 0 && strings.TrimSpace(lines[i]) != "" {
				return 0
			}
			i += max(owned, 1)
		}
		if n == 1 {
			return 0 // no child went
		}
		if n < len(lines) && lines[n] == "\n" {
			n++
		}
		return n
	}
	return 0
}

// isOwn: a line's first word is a platform's, or the line runs what goes.
func (s *Selection) isOwn(line string, subjects []subject) bool {
	word := append(firstWord.FindStringSubmatch(line), "", "")[1]
	return slices.ContainsFunc(subjects, func(sub subject) bool { return !sub.cloud && strings.HasPrefix(spelled(word), sub.word) }) ||
		slices.ContainsFunc(strings.Fields(line), func(field string) bool { return slices.Contains(s.Gone, strings.TrimPrefix(field, "./")) })
}

// block counts the first line and those after it that are inside; blank lines at
// its end are not.
func block(lines []string, inside func(string) bool) int {
	n := 1
	for i := 1; i < len(lines); i++ {
		if blank := strings.TrimSpace(lines[i]) == ""; !blank && !inside(lines[i]) {
			break
		} else if !blank {
			n = i + 1
		}
	}
	return n
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
