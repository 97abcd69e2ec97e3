// Package sunspec reads the AC measurement of a gateway over Modbus TCP, in the
// form of the SunSpec Alliance: model 701, "DER AC measurement".
//
// A [Client] has the connection. It never writes a register. The place of the model
// is found by walking the chain of models (chain.go); measurement.go converts its
// registers.
package sunspec
