package envoytest

// The paths that are not only in the table of pages.
const (
	checkJWT   = "/auth/check_jwt"
	limitPath  = "/ivp/ss/dpel"
	switchPath = "/ivp/mod/603980032/mode/power"
)

const sessionCookie = "sessionId"

// isData says whether a path is behind the login: not the pages that tell what
// the gateway is, nor the login itself.
func isData(path string) bool {
	switch path {
	case "/", "/info", "/info.xml", "/home", "/home.json", checkJWT:
		return false
	}
	return true
}
