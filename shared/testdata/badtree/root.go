// Package tree is in the root, where no package belongs.
package tree
