// Package archive writes files into a .zip or .tar.gz that only its owner can read.
package archive
