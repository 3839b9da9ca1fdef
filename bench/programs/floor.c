// The least that a process can do: no libc, no relocation, one write. What it takes is the kernel's share of every start.

__asm__(".globl _start\n"
        "_start:\n"
#if defined(__x86_64__)
        "    mov $1, %eax\n"
        "    mov $1, %edi\n"
        "    lea text(%rip), %rsi\n"
        "    mov $13, %edx\n"
        "    syscall\n"
        "    mov $231, %eax\n"
        "    xor %edi, %edi\n"
        "    syscall\n"
#elif defined(__aarch64__)
        "    mov x8, 64\n"
        "    mov x0, 1\n"
        "    adr x1, text\n"
        "    mov x2, 13\n"
        "    svc 0\n"
        "    mov x8, 94\n"
        "    mov x0, 0\n"
        "    svc 0\n"
#endif
        "text: .ascii \"hello, world\\n\"\n");
