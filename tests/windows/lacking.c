/* What Wine 8 lacks. Every Rust program for Windows loads this library, bcryptprimitives.dll, for randomness; it comes from here. */
#include <winsock2.h>
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG length);

/* Wine has it since version 8.2; it is the same randomness by its older name. */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) {
  return SystemFunction036(bytes, (ULONG)length);
}

/* By the numbers of Windows: IPPROTO_IP and IPPROTO_IPV6, IP_RECVECN and IPV6_RECVECN, IPV6_V6ONLY. */
enum { IP = 0, IP6 = 41, RECVECN = 50, V6ONLY = 27 };

static int(WSAAPI *set_option)(SOCKET, int, int, const char *, int);
static int(WSAAPI *get_option)(SOCKET, int, int, char *, int *);

/* A socket of QUIC insists on marks of congestion, and here nobody makes any. */
static int WSAAPI set_any_option(SOCKET socket, int level, int name, const char *value, int length) {
  if (name == RECVECN && (level == IP || level == IP6)) return 0;
  return set_option(socket, level, name, value, length);
}

/* A socket of IPv4 has the option, too: off. */
static int WSAAPI get_any_option(SOCKET socket, int level, int name, char *value, int *length) {
  int failed = get_option(socket, level, name, value, length);
  if (!failed || level != IP6 || name != V6ONLY) return failed;
  ZeroMemory(value, *length);
  return 0;
}

/* Puts a function into the place of another, wherever the program imports that. */
static void replace(BYTE *program, void *former, void *by) {
  IMAGE_NT_HEADERS *headers = (IMAGE_NT_HEADERS *)(program + ((IMAGE_DOS_HEADER *)program)->e_lfanew);
  DWORD at = headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress;
  for (IMAGE_IMPORT_DESCRIPTOR *library = (IMAGE_IMPORT_DESCRIPTOR *)(program + at); library->Name; library++) {
    for (void **place = (void **)(program + library->FirstThunk); *place; place++) {
      DWORD access;
      if (*place != former || !VirtualProtect(place, sizeof *place, PAGE_READWRITE, &access)) continue;
      *place = by;
      VirtualProtect(place, sizeof *place, access, &access);
    }
  }
}

BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, void *reserved) {
  (void)self, (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) {
    BYTE *program = (BYTE *)GetModuleHandleA(NULL);
    HMODULE sockets = GetModuleHandleA("ws2_32.dll");
    if (sockets) {
      set_option = (void *)GetProcAddress(sockets, "setsockopt");
      get_option = (void *)GetProcAddress(sockets, "getsockopt");
      replace(program, set_option, set_any_option);
      replace(program, get_option, get_any_option);
    }
  }
  return TRUE;
}
