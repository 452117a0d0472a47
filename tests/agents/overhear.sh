#!/bin/sh
# Runs a command, and writes what comes on its standard input into a file besides: overhear.sh FILE COMMAND...
file=$1
shift
tee "$file" | "$@"
