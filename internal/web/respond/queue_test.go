package respond

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestQueue checks that many requests for large responses do not run at the same time,
// and that none waits for ever.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards the counts
		running, most, codes := 0, 0, map[int]int{}
		add := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			running += n
			most = max(most, running)
		}
		took := time.Second
		q := NewQueue()
		h := q.Wait(func(_ http.ResponseWriter, _ *http.Request) {
			add(1)
			time.Sleep(took)
			add(-1)
		})
		request := func(ctx context.Context) {
			w := httptest.NewRecorder()
			h(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
		}
		check := func(when string, code, want int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if codes[code] != want || most != maxLarge {
				t.Errorf("%s: responses %v, want %d with %d; at most %d at the same time, want %d", when, codes, want, code, most, maxLarge)
			}
		}
		for range 6 {
			go request(t.Context())
		}
		time.Sleep(time.Minute)
		check("short responses", http.StatusOK, 6)
		took = time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		for range maxLarge {
			go request(t.Context())
		}
		synctest.Wait()
		go request(t.Context())
		go request(ctx)
		synctest.Wait()
		cancel() // the client has disconnected
		check("before the limit", http.StatusServiceUnavailable, 0)
		time.Sleep(largeTimeout)
		check("after the limit", http.StatusServiceUnavailable, 1)
		time.Sleep(time.Minute)
	})
}
