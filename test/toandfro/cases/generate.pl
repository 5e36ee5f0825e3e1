# Writes a C project of some size: generate.pl DIRECTORY FILES FUNCTIONS.
use strict;
use warnings;
my ($dir, $files, $functions) = @ARGV;
mkdir $dir;
sub out { my ($name, $text) = @_; open my $f, ">", "$dir/$name" or die "$dir/$name: $!"; print $f $text; close $f }
my $calls = "";
for my $i (0 .. $files - 1) {
    my $c = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nstruct item { int key; double weight; char name[16]; struct item *next; };\n";
    for my $k (0 .. $functions - 1) {
        my $m = ($i * 31 + $k * 17) % 97 + 2;
        $c .= "static struct item *list${k}(int n) {\n\tstruct item *head = 0;\n\tfor (int i = 0; i < n; i++) {\n\t\tstruct item *p = calloc(1, sizeof *p);\n"
            . "\t\tp->key = i * $m % 1009; p->weight = p->key / 3.0; snprintf(p->name, 16, \"n%d\", i); p->next = head; head = p;\n\t}\n\treturn head;\n}\n"
            . "static long sum${k}(int n) {\n\tlong s = 0;\n\tfor (struct item *p = list${k}(n), *q; p; p = q) {\n\t\tq = p->next;\n"
            . "\t\tswitch (p->key % 5) { case 0: s += p->key * ${m}L; break; case 1: s ^= (long)p->weight; break; case 2: s += strlen(p->name); break; default: s = s * 3 + 1; }\n"
            . "\t\tfree(p);\n\t}\n\treturn s & 0xffffff;\n}\n";
    }
    $c .= "long unit$i(void) {\n\tlong s = $i;\n" . join("", map { "\ts = s * 7 + sum$_(" . (100 + $_) . ");\n" } 0 .. $functions - 1) . "\treturn s;\n}\n";
    out("unit$i.c", $c);
    $calls .= "\tprintf(\"%d %lx\\n\", $i, unit$i());\n";
}
out("main.c", "#include <stdio.h>\n" . join("", map { "long unit$_(void);\n" } 0 .. $files - 1) . "int main(void) {\n${calls}\treturn 0;\n}\n");
my $objects = join " ", map { "unit$_.o" } 0 .. $files - 1;
out("Makefile", "CFLAGS = -O2 -Wall\nall: program\n\t./program > result\nprogram: main.o libunits.a\n\t\$(CC) -o \$\@ main.o libunits.a\nlibunits.a: $objects\n\t\$(AR) rcD \$\@ \$^\n%.o: %.c\n\t\$(CC) \$(CFLAGS) -c -o \$\@ \$<\n");
