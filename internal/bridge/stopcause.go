package bridge

import (
	"errors"
	"strings"
)

// ErrHandover is the cause of a canceled context if another Bridge takes over
// the same topics. [Bridge.Run] then publishes no final messages. If no other
// bridge follows, the broker publishes the Will.
var ErrHandover = errors.New("another bridge takes over")

// RemovedGateways is the cause of a canceled context if another configuration follows
// that does not have these gateways. What limits their power then ends, even if it
// should last forever.
type RemovedGateways []string

func (r RemovedGateways) Error() string {
	return "another configuration without " + strings.Join(r, ", ")
}
