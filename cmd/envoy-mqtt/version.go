package main

import "runtime/debug"

// version is set by the linker for releases.
var version = ""

// programVersion returns the version of the linker flag, else of the module, else
// "dev".
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
