/*
 * The functions that Debian's libstdc++ and libgcc need from glibc and that musl does not have, so that
 * a program for musl can run without a libstdc++ for musl. Enough for a program that throws no C++ exceptions.
 */
typedef unsigned long size;
extern size strftime_l(char *, size, const char *, const void *, void *);

extern unsigned long getauxval(unsigned long);

char __libc_single_threaded = 0;
unsigned __cpu_model[8];

int __cpu_indicator_init(void) { return 0; }
int __cxa_thread_atexit_impl(void *function, void *object, void *handle) { return 0; }
int _dl_find_object(void *address, void *result) { return -1; }
unsigned long __getauxval(unsigned long which) { return getauxval(which); }
unsigned arc4random(void) { return 4; }
size __strftime_l(char *to, size max, const char *format, const void *time, void *locale) {
  return strftime_l(to, max, format, time, locale);
}
