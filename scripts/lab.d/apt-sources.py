#!/usr/bin/env python3
"""The box's own apt sources for bookworm, one line each: where packages come from is known to the box alone."""
import glob, re
out = []
def add(types, opts, uris, suites, comps):
    for t in types:
        for u in uris:
            for s in suites:
                if t == "deb" and s.startswith("bookworm") and "main" in comps:
                    o = " [%s]" % " ".join(opts) if opts else ""
                    out.append("deb%s %s %s main" % (o, u, s))
for f in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*.list")):
    try:
        lines = open(f).read().splitlines()
    except OSError:
        continue
    for l in lines:
        m = re.match(r"\s*(deb)\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", l)
        if m:
            add([m[1]], (m[2] or "").split(), [m[3]], [m[4]], m[5].split())
for f in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
    for para in re.split(r"\n\s*\n", open(f).read()):
        d, key = {}, None
        for l in para.splitlines():
            if l.startswith("#"):
                continue
            if l[:1] in " \t" and key:
                d[key] += "\n" + l.strip()
            elif ":" in l:
                key, v = l.split(":", 1)
                key = key.strip().lower()
                d[key] = v.strip()
        if d.get("enabled", "yes").lower() in ("no", "false"):
            continue
        opts = []
        if d.get("signed-by", "").startswith("/"):
            opts.append("signed-by=" + d["signed-by"])
        if d.get("trusted"):
            opts.append("trusted=" + d["trusted"])
        add(d.get("types", "").split(), opts, d.get("uris", "").split(),
            d.get("suites", "").split(), d.get("components", "").split())
print("\n".join(dict.fromkeys(out)))
