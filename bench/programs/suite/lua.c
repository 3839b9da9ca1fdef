/* Lua runs a script: the interpreter that most programs embed. Its source comes from the crate `lua-src`
 * (`bench/sources`), whose file system and processes are left out. An error ends the program: WebAssembly has no
 * `longjmp`, and the script has no errors. */
/* WASI's header for it is an error. This is its guard, there and elsewhere. */
#define _SETJMP_H
#include "lprefix.h"

#include "bench.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

/* All of it is one file, which Lua allows: its functions are static then. */
#define LUA_CORE
#define LUA_LIB
#include "luaconf.h"
#undef LUAI_FUNC
#undef LUAI_DDEC
#undef LUAI_DDEF
#undef LUA_API
#undef LUALIB_API
#undef LUAMOD_API
#define LUAI_FUNC static
#define LUAI_DDEC(def)
#define LUAI_DDEF static
#define LUA_API static
#define LUALIB_API static
#define LUAMOD_API static
#define luai_jmpbuf int
#define LUAI_THROW(L, c) abort()
#define LUAI_TRY(L, c, a) { a }
/* There are no signals, and no numbers but the script's own. */
#define l_signalT int
#define luai_makeseed(L) 20271121u
#define l_randomizePivot() 7u

#include "lzio.c"
#include "lctype.c"
#include "lopcodes.c"
#include "lmem.c"
#include "lundump.c"
#include "ldump.c"
#include "lstate.c"
#include "lgc.c"
#include "llex.c"
#include "lcode.c"
#include "lparser.c"
#include "ldebug.c"
#include "lfunc.c"
#include "lobject.c"
#include "ltm.c"
#include "lstring.c"
#include "ltable.c"
#include "ldo.c"
#include "lvm.c"
#include "lapi.c"
#include "lauxlib.c"
#include "lbaselib.c"
#include "lmathlib.c"
#include "lstrlib.c"
#include "ltablib.c"

static const char script[] =
    "local function fibonacci(n) if n < 2 then return n end return fibonacci(n - 1) + fibonacci(n - 2) end\n"
    "local result = {fibonacci(22)}\n"
    "local x, numbers = 42, {}\n"
    "for i = 1, 20000 do x = (x * 1103515245 + 12345) % 2147483648; numbers[i] = x end\n"
    "table.sort(numbers)\n"
    "result[#result + 1] = numbers[1] + numbers[10000]\n"
    "table.sort(numbers, function(a, b) return a % 1000003 < b % 1000003 end)\n"
    "result[#result + 1] = numbers[1] + numbers[10000]\n"
    "local parts = {}\n"
    "for i = 1, 8000 do parts[i] = string.format('%d:%x', i, i * 7) end\n"
    "local text, digits = table.concat(parts, ','), 0\n"
    "for a, b in text:gmatch('(%d+):(%x+)') do digits = digits + #a * #b end\n"
    "result[#result + 1] = digits\n"
    "result[#result + 1] = #text:gsub('%d', {['1'] = 'one', ['7'] = 'seven'}):upper()\n"
    "local vector = {}\n"
    "vector.__index = vector\n"
    "vector.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, vector) end\n"
    "function vector:norm() return self.x * self.x + self.y * self.y end\n"
    "local total, one = setmetatable({x = 0, y = 0}, vector), setmetatable({x = 0.5, y = 1}, vector)\n"
    "for i = 1, 60000 do total = total + one; if total:norm() > 1e6 then total.x, total.y = 0, i % 3 end end\n"
    "result[#result + 1] = total:norm()\n"
    "local words = {}\n"
    "for i = 1, 30000 do local word = 'w' .. i % 977; words[word] = (words[word] or 0) + i end\n"
    "result[#result + 1] = words.w5 + words.w976\n"
    "local sieve, primes = {}, 0\n"
    "for i = 2, 60000 do\n"
    "  if not sieve[i] then primes = primes + 1; for j = i * i, 60000, i do sieve[j] = true end end\n"
    "end\n"
    "result[#result + 1] = primes\n"
    "return table.concat(result, ' ')\n";

static void *allocate(void *data, void *block, size_t old, size_t size) {
    (void)data, (void)old;
    if (size) return realloc(block, size);
    free(block);
    return 0;
}

int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 12);
    uint64_t sum = 0;
    for (int i = 0; i < reps; i++) {
        lua_State *L = lua_newstate(allocate, 0);
        luaL_requiref(L, "_G", luaopen_base, 1);
        luaL_requiref(L, "string", luaopen_string, 1);
        luaL_requiref(L, "table", luaopen_table, 1);
        lua_settop(L, 0);
        if (luaL_loadstring(L, script) != LUA_OK) return 1;
        lua_call(L, 0, 1);
        for (const char *text = lua_tostring(L, -1); *text; text++) sum = (sum ^ (unsigned char)*text) * 0x100000001b3ull;
        lua_close(L);
    }
    report("lua", sum);
    return 0;
}
