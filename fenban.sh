#!/bin/sh
# fenban from a bare Python 3.11 or newer; makes its own environment in .venv beside this file.
#
#   sh fenban.sh run  [--wheels DIR] [--port N]   install, train on the sample bureau, suggest for its inbox, serve
#   sh fenban.sh install [--wheels DIR]           install only: after an upgrade, or with a site of one's own
#   sh fenban.sh test                             install with the development tools, check style and types, run the tests
#   sh fenban.sh wheels DIR                       fill DIR with all wheels, to install elsewhere without internet
#
# PYTHON=/path/to/python3.11 chooses the interpreter.
set -eu
cd "$(dirname "$0")"

die() { echo "错误：$*" >&2; exit 1; }

usage() {
    cat <<'TEXT'
sh fenban.sh run [--wheels 目录] [--port 端口]   装程序，用样例局训练、分办样例来件，启动服务（缺哪步做哪步）
sh fenban.sh install [--wheels 目录]            只装程序（升级时用）
sh fenban.sh test                               装开发工具，检查写法和类型，运行全部测试
sh fenban.sh wheels 目录                        把全部安装包放进目录，拷到不能上网的机器上用
PYTHON=/路径/python3 指定用哪个 Python（3.11 或更新）。说明见 docs/install.md。
TEXT
}

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

# suggest_inbox: what was done before, and maybe written into since, is left alone
suggest_inbox() {
    if [ -e var/分办表.xlsx ]; then
        echo "var/分办表.xlsx 已经有了，没有重做；要重做，请先把它改名" >&2
    elif [ -z "$(ls var/site/inbox 2>/dev/null)" ]; then
        echo "var/site/inbox 里没有来件，没有做分办表" >&2
    else
        .venv/bin/fenban suggest var/site/inbox --site var/site --store var/store -o var/分办表.xlsx ||
            echo "没有做成 var/分办表.xlsx，原因见上；接着启动服务" >&2
    fi
}

action=${1:-run}
[ $# -eq 0 ] || shift
wheels="" port=8000
case "$action" in
    -h | --help | help) usage; exit ;;
    test) [ $# -eq 0 ] || die "test 不带参数" ;;
    wheels) target=${1:-}; [ -n "$target" ] || die "请写出放 wheel 安装包的目录，如 sh fenban.sh wheels wheels" ;;
    run | install)
        while [ $# -gt 0 ]; do
            case "$1" in
                -h | --help) usage; exit ;;
                --wheels | --port) [ $# -ge 2 ] || die "$1 后面要写明是什么，如 --wheels wheels、--port 8080" ;;
                *) die "不认识的参数 $1；用法见 sh fenban.sh --help" ;;
            esac
            case "$1" in
                --wheels) wheels=$2; [ -d "$wheels" ] || die "没有这个目录：$wheels" ;;
                --port) port=$2 ;;
            esac
            shift 2
        done ;;
    *) die "不认识的动作 $action；可用 run、install、test、wheels，用法见 sh fenban.sh --help" ;;
esac

case "$action" in
    run)
        make_environment fast "$wheels"
        [ -d var ] || mkdir -m 700 var # models, database and answers hold texts of cases
        [ -d var/site ] || .venv/bin/fenban init var/site
        [ -f var/store/live ] || .venv/bin/fenban train var/site/cases --site var/site --store var/store
        suggest_inbox
        exec .venv/bin/fenban serve --site var/site --store var/store --port "$port"
        ;;
    install)
        make_environment fast "$wheels"
        echo "已装好：.venv/bin/fenban" >&2
        ;;
    test)
        make_environment fast,dev
        .venv/bin/ruff check .
        .venv/bin/ruff format --check .
        .venv/bin/mypy
        exec .venv/bin/python -m pytest --numprocesses 2 --dist worksteal
        ;;
    wheels)
        [ -x .venv/bin/python ] || { python=$(find_python) && "$python" -m venv .venv; }
        mkdir -p "$target"
        .venv/bin/python -m pip wheel --quiet --disable-pip-version-check --constraint constraints.txt \
            --wheel-dir "$target" ".[fast,postgres]"
        echo "已放好 $(ls "$target" | wc -l) 个 wheel 安装包在 $target，连同本目录一起拷到内网，再运行 sh fenban.sh run --wheels $target"
        ;;
esac
