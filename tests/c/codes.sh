#!/bin/sh
# codes.sh HEADER LOG: every function that returns a code was seen to return
# each code that the header promises for it (codes.txt), and no other.
header=$1 log=$2
want=$(mktemp) got=$(mktemp) listed=$(mktemp) declared=$(mktemp)
trap 'rm -f "$want" "$got" "$listed" "$declared"' EXIT

# codes.txt: a function, then its codes; those in brackets are not met here.
sed 's/#.*//' codes.txt | awk 'NF { for (i = 2; i <= NF; i++) if ($i !~ /^\(/) print $1, $i }' | sort -u > "$want"
sed 's/#.*//' codes.txt | awk 'NF { print $1 }' | sort -u > "$listed"
sort -u "$log" | grep '^cachekit_' > "$got"
{ tr '\n' ' ' < "$header" | grep -o 'CACHEKIT_NODISCARD CachekitError cachekit_[a-z_]*' | awk '{print $3}'
  echo cachekit_encryptor_new; } | sort -u > "$declared"

failed=0
for pair in "$declared $listed functions" "$want $got codes"; do
    # shellcheck disable=SC2086
    set -- $pair
    if ! difference=$(diff "$1" "$2"); then
        echo "$difference" | grep '^[<>]'
        echo "FAIL $3: < was promised only, > was seen only"
        failed=1
    fi
done
echo "codes: $(wc -l < "$got") of $(wc -l < "$want") promised answers seen, of $(wc -l < "$listed") functions"
exit $failed
