#!/bin/sh
# fenban from a bare Python 3.11 or newer; makes its own environment in .venv beside this file.
#
#   sh fenban.sh run  [--wheels DIR] [--port N]   install, train on the sample bureau, suggest for its inbox, serve
#   sh fenban.sh test                             install with the development tools, check style and types, run the tests
#   sh fenban.sh wheels DIR                       fill DIR with all wheels, to install elsewhere without internet
#
# PYTHON=/path/to/python3.11 chooses the interpreter.
set -eu
cd "$(dirname "$0")"

die() { echo "错误：$*" >&2; exit 1; }

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    [ -z "${PYTHON:-}" ] || die "PYTHON=$PYTHON 不能用，或不到 3.11"
    die "需要 Python 3.11 或更新。系统没有时，见 docs/install.md“随身带一个 Python”；装好后用 PYTHON=/路径/python3 指定"
}

# make_environment EXTRAS [WHEELS]
make_environment() {
    if [ ! -x .venv/bin/python ]; then
        python=$(find_python)
        "$python" -m venv .venv || die "无法建立虚拟环境；Debian/Ubuntu 请先 apt install python3-venv"
    fi
    if [ -n "${2:-}" ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links "$2" \
            --constraint constraints.txt "fenban[$1]"
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
            --editable ".[$1]"
    fi
}

action=${1:-run}
[ $# -eq 0 ] || shift
wheels="" port=8000
case "$action" in
    test) [ $# -eq 0 ] || die "test 不带参数" ;;
    wheels) target=${1:-}; [ -n "$target" ] || die "请写出放 wheel 安装包的目录，如 sh fenban.sh wheels wheels" ;;
    *)
        while [ $# -gt 0 ]; do
            case "$1" in
                --wheels) wheels=${2:-}; [ -d "$wheels" ] || die "没有这个目录：$wheels"; shift 2 ;;
                --port) port=${2:-}; shift 2 ;;
                *) die "不认识的参数 $1" ;;
            esac
        done ;;
esac

case "$action" in
    run)
        make_environment fast "$wheels"
        [ -d var/site ] || .venv/bin/fenban init var/site
        [ -f var/store/live ] || .venv/bin/fenban train var/site/cases --site var/site --store var/store
        .venv/bin/fenban suggest var/site/inbox --site var/site --store var/store -o var/分办表.xlsx
        exec .venv/bin/fenban serve --site var/site --store var/store --port "$port"
        ;;
    test)
        make_environment fast,dev
        .venv/bin/ruff check .
        .venv/bin/ruff format --check .
        .venv/bin/mypy
        exec .venv/bin/python -m pytest
        ;;
    wheels)
        [ -x .venv/bin/python ] || { python=$(find_python) && "$python" -m venv .venv; }
        mkdir -p "$target"
        .venv/bin/python -m pip wheel --quiet --disable-pip-version-check --constraint constraints.txt \
            --wheel-dir "$target" ".[fast,postgres]"
        echo "已放好 $(ls "$target" | wc -l) 个 wheel 安装包在 $target，连同本目录一起拷到内网，再运行 sh fenban.sh run --wheels $target"
        ;;
    *) die "不认识的动作 $action；可用 run、test、wheels" ;;
esac
