#!/bin/sh
# archive.sh HEADER ARCHIVE FOLDER: makes of FOLDER/go.a, which go build has made, the static
# archive: one object, of which a program sees the functions of the header alone, and not
# Go's symbols, which another archive that Go made has too.
# CC, NM, LD, AR and OBJCOPY are tools for its target.
set -eu
header=$1 archive=$2 folder=$3
"$(dirname "$0")/names.sh" "$header" > "$folder/names"

# Go's entry is not to be called by the loader, but by start.c, which finds it in the
# section ck_go_init. In the shared library capi/link/lazy.ld moves it there. Here the
# section is made anew, since one that is moved keeps the type by which gold calls it.
(cd "$folder" && "$AR" x go.a go.o)
entry=$("$NM" "$folder/go.o" | sed -n 's/.* t \(_rt0_[a-z0-9]*_linux_lib\)$/\1/p')
[ -n "$entry" ] || { echo "archive: go.o has no entry for Linux"; exit 1; }
"$OBJCOPY" --remove-section .init_array --remove-section .rela.init_array --globalize-symbol "$entry" "$folder/go.o"
# Its ends have the names that lazy.ld gives them, so that the linker of a program takes the
# section for used. Without the section of no length the program's stack would be executable.
$CC -c -x assembler - -o "$folder/entry.o" <<END
.section ck_go_init, "aw", %progbits
.balign 8
.globl __start_ck_go_init
__start_ck_go_init:
.quad $entry
.globl __stop_ck_go_init
__stop_ck_go_init:
.section .note.GNU-stack, "", %progbits
END
(cd "$folder" && "$AR" r go.a go.o entry.o)

# -d allocates common symbols; nanosleep is wrapped as in the shared library.
"$LD" -r -d --wrap=nanosleep --whole-archive "$folder/go.a" -o "$folder/cachekit.o"
# Debug data would name the folders of this machine; the shared library has none either.
"$OBJCOPY" --strip-debug --keep-global-symbols="$folder/names" "$folder/cachekit.o"
rm -f "$archive"
"$AR" rcsD "$archive" "$folder/cachekit.o"
