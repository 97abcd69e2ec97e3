package publish

import (
	"fmt"
	"sync"
)

// A Registry assigns each serial number to one gateway, because two HOST entries
// may refer to the same gateway. A gateway publishes under a serial number only
// while it holds the claim. A Registry is safe for concurrent use.
type Registry struct {
	mu     sync.Mutex
	owners map[string]string // names of gateways by serial number
}

// Claim assigns serial to the gateway name until it is released. It returns an
// error if another gateway holds the claim.
func (r *Registry) Claim(serial, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owners == nil {
		r.owners = map[string]string{}
	}
	if owner, ok := r.owners[serial]; ok && owner != name {
		return fmt.Errorf("gateway %s is read already, as %s: two sections have the same gateway", serial, owner)
	}
	r.owners[serial] = name
	return nil
}

// release ends a claim of the gateway name.
func (r *Registry) release(serial, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owners[serial] == name {
		delete(r.owners, serial)
	}
}
