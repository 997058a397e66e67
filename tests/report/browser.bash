# A browser without a screen, and what can be asked of a page in it. The pages hold no
# script themselves: another page around them looks.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

chrome() { # its messages go to console
  timeout 240 "$browser" --headless --no-sandbox --disable-gpu --no-first-run \
    --user-data-dir="$tmp/chrome" --allow-file-access-from-files \
    --disable-web-security --enable-logging=stderr --v=0 "$@" 2>console
}

# What is wrong with a page for who sees it at that width, hears it, or has a keyboard
# alone: SAID[] where nothing is.
measure() { # PAGE WIDTH
  cat >outer.html <<END
<!DOCTYPE html><html><body><iframe id="f" src="$1"
style="width:$2px;height:800px;border:0"></iframe><script src="page.js"></script>
</body></html>
END
  cp "$here/tests/report/page.js" .
  chrome --virtual-time-budget=9000 --dump-dom "file://$PWD/outer.html" |
    grep -o 'SAID\[[^]]*\]'
}
