"""Performs the steps of one module in Wasmtime, for what wasmi lacks: see tests/src/differential/wasmtime.rs.

    python3 in_wasmtime.py MODULE.wasm < STEPS        (needs the package `wasmtime`, version 50 or later)

STEPS are lines `instantiate`, `memory NAME`, `global NAME`, `invoke NAME ARGUMENT...`, with names in JSON and arguments
as decimal numbers. For each step there is a line `returned NUMBER...`, `trapped CODE` or `lost REASON`.
"""

import ctypes
import json
import sys

import wasmtime

MASK = (1 << 64) - 1

# As version 50 of the package calls it, and as it should.
EXTERNREF = ("anyref", "externref")


def memory_slot(data):
    """FNV-1a over 64-bit words: `memory_slot` in tests/src/steps.rs."""
    value = 0xCBF29CE484222325
    for at in range(0, len(data), 8):
        value = (value ^ int.from_bytes(data[at : at + 8], "little")) * 0x100000001B3 & MASK
    return len(data) | value << 64


def contents(memory, store):
    if isinstance(memory, wasmtime.SharedMemory):
        return ctypes.string_at(memory.data_ptr(), memory.data_len())
    return memory.read(store)


def to_value(ty, number):
    kind = str(ty)
    if kind == "i32":
        return number - (1 << 32) if number >> 31 else number
    if kind == "i64":
        return number - (1 << 64) if number >> 63 else number
    return number if kind in EXTERNREF and number else None


def to_slot(ty, value):
    kind = str(ty)
    value = value.value if isinstance(value, wasmtime.Val) else value
    if kind == "i32":
        return value & 0xFFFFFFFF
    if kind == "i64":
        return value & MASK
    if kind in EXTERNREF:
        return value or 0
    return int(value is not None)


class Machine:
    def __init__(self, path):
        config = wasmtime.Config()
        config.wasm_exceptions = True
        config.wasm_gc = True
        config.wasm_function_references = True
        config.wasm_threads = True
        config.shared_memory = True
        self.store = wasmtime.Store(wasmtime.Engine(config))
        self.module = wasmtime.Module.from_file(self.store.engine, path)
        self.instance = None

    def step(self, what, name, arguments):
        if what == "instantiate":
            self.instance = wasmtime.Instance(self.store, self.module, [])
            return []
        if self.instance is None:
            raise wasmtime.WasmtimeError("there is no instance")
        item = self.instance.exports(self.store)[name]
        if what == "memory":
            return [memory_slot(contents(item, self.store))]
        if what == "global":
            return [to_slot(item.type(self.store).content, item.value(self.store))]
        ty = item.type(self.store)
        values = [to_value(of, number) for of, number in zip(ty.params, arguments)]
        results = item(self.store, *values)
        results = [] if len(ty.results) == 0 else [results] if len(ty.results) == 1 else results
        return [to_slot(of, result) for of, result in zip(ty.results, results)]


def main():
    machine = Machine(sys.argv[1])
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        name, end = json.JSONDecoder().raw_decode(rest) if rest else (None, 0)
        arguments = [int(word) for word in rest[end:].split()]
        try:
            print("returned", *machine.step(what, name, arguments))
        except wasmtime.Trap as trap:
            print("trapped", trap.trap_code.name if trap.trap_code else "UNKNOWN")
        except wasmtime.WasmtimeError as error:
            thrown = "thrown Wasm exception" in str(error)
            print("trapped UNCAUGHT_EXCEPTION" if thrown else "lost " + str(error).replace("\n", " "))


main()
