//go:build faults

package command

// answerStep is 1: with the tag faults, with which .ci/long runs it, TestNoSecrets
// tries every answer of the cloud.
const answerStep = 1
