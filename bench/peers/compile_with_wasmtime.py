"""Compiles a module with the library of the PyPI package `wasmtime`: compile_with_wasmtime.py INPUT OUTPUT."""

import sys

import wasmtime

module = wasmtime.Module(wasmtime.Engine(), open(sys.argv[1], "rb").read())
open(sys.argv[2], "wb").write(module.serialize())
