/* System calls that Swift cannot import: variadic ones, and those that glibc 2.36 has no wrapper for.
   Each returns what the kernel returned, with errno set where it is negative. */
#ifndef HOTSYNC_SHIMS_H
#define HOTSYNC_SHIMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS. */
int hs_open_beneath(int directory, const char *path, int flags, mode_t mode);

/* open(2) and openat(2), which are variadic in C. */
int hs_open(const char *path, int flags, mode_t mode);
int hs_openat(int directory, const char *path, int flags, mode_t mode);

/* getdents64(2). */
ssize_t hs_getdents(int directory, void *buffer, size_t size);

/* renameat2(2) with RENAME_NOREPLACE. */
int hs_rename_no_replace(int from_directory, const char *from, int to_directory, const char *to);
/* renameat2(2) with RENAME_EXCHANGE. */
int hs_rename_exchange(int from_directory, const char *from, int to_directory, const char *to);

/* ioctl(2) FS_IOC_GETFSUUID: writes at most 16 bytes, returns their number. */
int hs_filesystem_uuid(int descriptor, uint8_t uuid[16]);

/* ioctl(2) FS_IOC_GETFLAGS. */
int hs_inode_flags(int descriptor, long *flags);

/* ioctl(2) TIOCGWINSZ: the number of columns, or 0 where the descriptor is no terminal. */
int hs_terminal_columns(int descriptor);

/* Calls and constants that need _GNU_SOURCE, which Swift's view of glibc lacks. */
extern const int hs_o_path, hs_seek_data, hs_seek_hole, hs_at_empty_path;
int hs_syncfs(int descriptor);
int hs_pipe(int ends[2]);
/* What may still be received on a connection before its reader must say so again. */
struct hs_allowance { uint64_t bytes; };
/* recv(2) in the form of libssh2's callback (LIBSSH2_CALLBACK_RECV), as a pointer to be given to it: *abstract is a
   struct hs_allowance; without any of it left there is nothing to be received (-EAGAIN). */
void *hs_receive_within_allowance(void);

/* prlimit(2), RLIMIT_FSIZE, of another process. */
int hs_limit_files(pid_t process, uint64_t bytes);
/* memfd_create(2): a file in memory, without a name in any folder. */
int hs_memory_file(void);
int hs_allocate(int descriptor, off_t offset, off_t length);
int hs_begin_writing(int descriptor, off_t offset, off_t length);
int hs_punch_hole(int descriptor, off_t offset, off_t length);

// Makes `target` share the blocks of `source` (ioctl_ficlone(2)).
int hs_clone(int target, int source);
ssize_t hs_listxattr(const char *path, void *list, size_t size);
ssize_t hs_flistxattr(int descriptor, void *list, size_t size);
ssize_t hs_getxattr(const char *path, const char *name, void *value, size_t size);
int hs_setxattr(const char *path, const char *name, const void *value, size_t size);
int hs_removexattr(const char *path, const char *name);
/* fstatfs(2): the type and the id of the file system. */
int hs_filesystem_id(int descriptor, int64_t *type, int32_t id[2]);

/* getrandom(2). */
ssize_t hs_random(void *buffer, size_t size);

/* fcntl(2) with an int argument. */
int hs_fcntl(int descriptor, int command, int argument);

/* The facts of one directory entry, from statx(2). */
struct hs_status {
  uint64_t inode;
  uint64_t device;      /* major in the upper, minor in the lower 32 bits */
  uint64_t mount;       /* stx_mnt_id, 0 where the kernel does not tell */
  uint64_t size;
  uint64_t blocks;      /* of 512 bytes */
  uint64_t special;     /* the device that a device node stands for, as in `device` */
  uint32_t links;
  uint32_t mode;        /* kind and permission bits */
  uint32_t owner;
  uint32_t group;
  uint32_t attributes;  /* STATX_ATTR_IMMUTABLE and STATX_ATTR_APPEND only */
  uint32_t modified_nanoseconds;
  uint32_t changed_nanoseconds;
  uint32_t born_nanoseconds;
  int64_t modified_seconds;
  int64_t changed_seconds;
  int64_t born_seconds; /* 0 where the file system keeps no time of birth */
};

/* statx(2) of `path` below `directory`; an empty path is the descriptor itself. Links are not followed. */
int hs_status_of(int directory, const char *path, struct hs_status *status);

/* packet(7): a socket for whole frames of one interface that does not block. `protocol` is what it receives, as
   <linux/if_ether.h> numbers it; 0 for one that only sends. Writes the interface's own address (Ethernet only). */
int hs_packet_socket(const char *interface, uint16_t protocol, uint8_t address[6]);

/* Starts a program: returns its process id, or -1 with errno set.
   `descriptors[0..2]` become 0, 1, 2 of the child, which leads a process group of its own and has no
   other descriptor open. `arguments` and `environment` end with NULL. `directory` may be NULL. */
pid_t hs_spawn(const char *program, char *const arguments[], char *const environment[],
               const int descriptors[3], const char *directory);

/* The macros of wait(2). */
int hs_exited(int status);
int hs_exit_code(int status);
int hs_term_signal(int status);

#endif
