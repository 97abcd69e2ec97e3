package envoytest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// infoPage is /info and /info.xml: what the gateway is, for everyone to see.
func infoPage(g locked) answer {
	v := g.version()
	var b strings.Builder
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<envoy_info>\n")
	fmt.Fprintf(&b, "  <time>%d</time>\n  <device>\n    <sn>%s</sn>\n    <pn>%s</pn>\n    <software>%s</software>\n",
		time.Now().Unix(), g.serial(), g.partNumber(), g.firmware())
	b.WriteString("    <euaid>4c8675</euaid>\n    <seqnum>0</seqnum>\n    <apiver>1</apiver>\n")
	if v.atLeast(4, 3) {
		fmt.Fprintf(&b, "    <imeter>%t</imeter>\n", !g.Standard)
	}
	b.WriteString("  </device>\n")
	if v.tokens() {
		b.WriteString("  <web-tokens>true</web-tokens>\n")
	}
	for _, p := range []struct{ name, pn, version, build string }{
		{"rootfs", "500-00001-r01", "02.00.00", "1211"},
		{"boot", "590-00019-r01", "02.00.01", "2569cb"},
		{"app", "500-00002-r01", fmt.Sprintf("%02d.%02d.%02d", v[0], v[1], v[2]), "5c3a00"},
		{"backbone", "500-00010-r01", "07.00.20", "176d57"},
		{"security", "500-00016-r01", "02.00.00", "54a6dc"},
	} {
		fmt.Fprintf(&b, "  <package name='%s'>\n    <pn>%s</pn>\n    <version>%s</version>\n    <build>%s</build>\n  </package>\n",
			p.name, p.pn, p.version, p.build)
	}
	if v.atLeast(4) {
		b.WriteString("  <build_info>\n    <build_id>release:pkg-Jun-03-25-03:50:24</build_id>\n" +
			"    <build_time_gmt>1748922970</build_time_gmt>\n  </build_info>\n")
	}
	b.WriteString("</envoy_info>\n")
	doc := b.String()
	if v.atLeast(8) {
		doc = strings.ReplaceAll(doc, "'", `"`)
	}
	if v.atLeast(8, 3) {
		return text(http.StatusOK, "", doc)
	}
	a := text(http.StatusOK, "text/xml", doc)
	a.set("Pragma", "no-cache")
	a.set("Expires", "1")
	a.set("Cache-Control", "no-cache")
	return a
}
