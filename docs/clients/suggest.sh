#!/bin/sh
# 送一件案件，打印主办股室，再送回“采纳”。只要 curl；JSON 用 sed 取一项，正式使用请换成 jq。
#   FENBAN_URL=http://127.0.0.1:8000 FENBAN_KEY=fenban_… sh suggest.sh
set -eu
url=${FENBAN_URL:-http://127.0.0.1:8000}
key=${FENBAN_KEY:-}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# field 名字 < JSON：取第一个同名的字符串
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# post 地址 重复键 < JSON：连不上、429、5xx 时 curl 自己重试；重复键不变，重试不会多出一件
post() {
    status=$(curl --silent --show-error --max-time 30 --retry 5 --retry-connrefused \
        --header "Authorization: Bearer $key" \
        --header "Content-Type: application/json; charset=utf-8" \
        --header "Idempotency-Key: $2" \
        --output "$answer" --write-out '%{http_code}' \
        --data-binary @- "$url/api/v1/$1")
    [ "$status" = 200 ] && return
    echo "$status $(field code <"$answer")：$(field detail <"$answer")" >&2
    exit 1
}

# 重复键由案件的编号得来：程序中途被停掉，再来一遍还是同一个键，内容也要一个字节不差
case='{"case_id": "028", "kind": "提案", "session": "十五届三次", "level": "县", "title": "关于修复文昌街路灯的提案", "body": "文昌街整条街的路灯坏了半年，晚上出行不便，建议尽快维修。"}'
printf '%s' "$case" | post suggest "erp-2026-028-1"
decision=$(field decision_id <"$answer")
echo "主办：$(sed 's/.*"lead": *{\([^}]*\)}.*/\1/' "$answer" | field name)"

printf '{"decision_id": "%s", "kind": "accepted"}' "$decision" | post verdicts "erp-2026-028-1-verdict"
echo "已送回：采纳"
