package blocking

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
)

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		if v, err := Call(ctx, func() (int, error) { return 1, fs.ErrExist }); v != 1 || !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %d, %v", v, err)
		}
		answer := make(chan int)
		go cancel()
		if v, err := Call(ctx, func() (int, error) { return <-answer, nil }); v != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v, want to be canceled", v, err)
		}
		close(answer)
	})
}
