// Package policytest checks what terraform/gcp would create, without Google
// Cloud: `terraform validate`, the assertions in tests/, and rules about the
// whole plan that no assertion can state, such as "nobody else may do anything".
// A second, damaged copy of the module shows that the checks bite.
//
// It needs terraform, and the provider from the registry or a mirror.
package policytest
