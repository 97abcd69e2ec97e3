package limit

// A Kind is what an action does.
type Kind int

// The kinds of actions.
const (
	Read  Kind = iota // read the setting of a lever, then call [Machine.OnRead]
	Save              // store the journal, then call [Machine.OnSaved]
	Write             // change the setting of a lever, then call [Machine.OnWritten]
)

// An Action is what the owner of a machine does next.
type Action struct {
	Kind    Kind
	ID      int     // of a Save
	Lever   Lever   // of Read and Write
	Setting Setting // of Write
	Record  Record  // of Save
}
