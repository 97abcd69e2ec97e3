//go:build !faults

package command

// answerStep is of how many of the cloud's answers TestNoSecrets tries one; .ci/long
// tries each. An answer takes three processes.
const answerStep = 4
