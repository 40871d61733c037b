# The guest of the accelerator probe (src/Qemu/ProbeGuest.cs holds it assembled): from reset into 64-bit mode with paging, where
# it writes 0x2a to the debug-exit port. Some hosts offer a /dev/kvm that runs 16-bit and 32-bit code and hangs in 64-bit mode.
#   gcc -c probe-guest.S -o probe.o && objcopy -O binary -j .text probe.o probe.raw && base64 -w0 probe.raw
        .section .text
        .code16
        .globl start
start:  cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movw $0x7000, %sp
        movw $0x1000, %di               # PML4 at 0x1000, PDPT at 0x2000, PD at 0x3000
        movw $0x3000, %cx
        rep stosw
        movl $0x2003, 0x1000
        movl $0x3003, 0x2000
        movw $0x3000, %di
        movl $0x83, %eax
1:      movl %eax, (%di)                # identity, 2 MiB pages, 16 MiB
        addl $0x200000, %eax
        addw $8, %di
        cmpw $0x3040, %di
        jne 1b
        lgdtl %cs:gdtr - start
        movl %cr4, %eax
        orl $0x20, %eax
        movl %eax, %cr4
        movl $0x1000, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        rdmsr
        orl $0x100, %eax
        wrmsr
        movl %cr0, %eax
        orl $0x80000001, %eax
        movl %eax, %cr0
        ljmpl $0x08, $(long64 - start + 0xf0000)

        .code64
long64: movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $0x7000, %esp
        movw $0xf4, %dx
        movb $0x2a, %al
        outb %al, %dx
3:      hlt
        jmp 3b
        .balign 8
gdt:    .quad 0
        .quad 0x00209a0000000000
        .quad 0x0000920000000000
gdtr:   .word 23
        .long gdt - start + 0xf0000
