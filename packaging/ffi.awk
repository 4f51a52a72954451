# Turns cachekit.h into declarations that need no preprocessor, for those who read C
# but have none: cffi (Python) and PHP's FFI. Constants become enumerators. What they
# cannot read is left out: texts, attributes, and macros that are no number.

# Comments; those of the header never stand within a text or behind one another.
{
    line = $0
    text = ""
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0)
                break
            in_comment = 0
            line = substr(line, end + 2)
        } else {
            begin = index(line, "/*")
            if (begin == 0) {
                text = text line
                break
            }
            text = text substr(line, 1, begin - 1)
            in_comment = 1
            line = substr(line, begin + 2)
        }
    }
    sub(/[ \t]+$/, "", text)
}

# A directive goes on behind a backslash.
pending != "" { text = pending text; pending = "" }
text ~ /^#.*\\$/ { pending = substr(text, 1, length(text) - 1); next }

# What is for C++ alone.
text ~ /^#ifdef __cplusplus/ { in_cpp = 1; next }
in_cpp { if (text ~ /^#endif/) in_cpp = 0; next }

# A number, or a sum of such: its value, with parentheses where there were some.
text ~ /^#define CACHEKIT_[A-Z_]+ / {
    name = text
    sub(/^#define /, "", name)
    value = name
    sub(/ .*/, "", name)
    sub(/^[A-Z_]+ +/, "", value)
    value = known(value)
    if (value ~ /^[0-9 ()+*-]+$/) {
        values[name] = value
        constants = constants "    " name " = " value ",\n"
    }
    next
}
text ~ /^#/ { next }

{
    gsub(/CACHEKIT_NODISCARD /, "", text)
    # The size of an array. Names of codes stand in no brackets.
    while (match(text, /\[CACHEKIT_[A-Z_]+\]/)) {
        before = substr(text, 1, RSTART)
        name = substr(text, RSTART + 1, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH - 1)
        text = before values[name] text
    }
    if (text != "")
        declarations = declarations text "\n"
}

END {
    print "/* Written by make from cachekit.h, for cffi and PHP's FFI. C includes cachekit.h. */"
    print "enum {\n" constants "};"
    printf "%s", declarations
}

# An expression with the values of the names in it.
function known(expression,    name, out) {
    out = ""
    while (match(expression, /CACHEKIT_[A-Z_]+/)) {
        name = substr(expression, RSTART, RLENGTH)
        if (!(name in values))
            return expression
        out = out substr(expression, 1, RSTART - 1) values[name]
        expression = substr(expression, RSTART + RLENGTH)
    }
    return out expression
}
