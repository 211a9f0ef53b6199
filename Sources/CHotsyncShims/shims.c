#define _GNU_SOURCE
#include "CHotsyncShims.h"

#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

int hs_open_beneath(int directory, const char *path, int flags, mode_t mode) {
  struct open_how how = {
      .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
      /* The kernel refuses a mode where nothing is made; O_TMPFILE holds the bit of O_DIRECTORY. */
      .mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int hs_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

int hs_openat(int directory, const char *path, int flags, mode_t mode) {
  return openat(directory, path, flags | O_CLOEXEC, mode);
}

ssize_t hs_getdents(int directory, void *buffer, size_t size) {
  return syscall(SYS_getdents64, directory, buffer, size);
}

int hs_rename_no_replace(int from_directory, const char *from, int to_directory, const char *to) {
  return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 1 /* RENAME_NOREPLACE */);
}

int hs_rename_exchange(int from_directory, const char *from, int to_directory, const char *to) {
  return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 2 /* RENAME_EXCHANGE */);
}

int hs_filesystem_uuid(int descriptor, uint8_t uuid[16]) {
  /* FS_IOC_GETFSUUID came with Linux 6.9; older headers do not name it. */
  struct { uint8_t length; uint8_t bytes[16]; } answer = {0};
  if (ioctl(descriptor, _IOC(_IOC_READ, 0x15, 0, 17), &answer) != 0) return -1;
  if (answer.length > 16) { errno = EINVAL; return -1; }
  memcpy(uuid, answer.bytes, answer.length);
  return answer.length;
}

int hs_inode_flags(int descriptor, long *flags) { return ioctl(descriptor, FS_IOC_GETFLAGS, flags); }

int hs_terminal_columns(int descriptor) {
  struct winsize size = {0};
  if (!isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col ? size.ws_col : 80;
}

const int hs_o_path = O_PATH, hs_seek_data = SEEK_DATA, hs_seek_hole = SEEK_HOLE, hs_at_empty_path = AT_EMPTY_PATH;
int hs_syncfs(int descriptor) { return syncfs(descriptor); }
int hs_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
static ssize_t receive_within(int socket, void *buffer, size_t length, int flags, void **abstract) {
  struct hs_allowance *allowance = *abstract;
  if (allowance->bytes == 0) return -EAGAIN;
  if (length > allowance->bytes) length = allowance->bytes;
  ssize_t count = recv(socket, buffer, length, flags);
  if (count < 0) return -errno;
  allowance->bytes -= (uint64_t)count;
  return count;
}
void *hs_receive_within_allowance(void) { return (void *)receive_within; }
int hs_limit_files(pid_t process, uint64_t bytes) {
  struct rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  return prlimit(process, RLIMIT_FSIZE, &limit, NULL);
}
int hs_memory_file(void) { return memfd_create("hotsync", MFD_CLOEXEC); }
int hs_begin_writing(int descriptor, off_t offset, off_t length) {
  return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

int hs_allocate(int descriptor, off_t offset, off_t length) {
  return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, offset, length);
}
int hs_clone(int target, int source) { return ioctl(target, FICLONE, source); }

int hs_punch_hole(int descriptor, off_t offset, off_t length) {
  return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
ssize_t hs_listxattr(const char *path, void *list, size_t size) { return listxattr(path, list, size); }
ssize_t hs_flistxattr(int descriptor, void *list, size_t size) { return flistxattr(descriptor, list, size); }
ssize_t hs_getxattr(const char *path, const char *name, void *value, size_t size) {
  return getxattr(path, name, value, size);
}
int hs_setxattr(const char *path, const char *name, const void *value, size_t size) {
  return setxattr(path, name, value, size, 0);
}
int hs_removexattr(const char *path, const char *name) { return removexattr(path, name); }

int hs_filesystem_id(int descriptor, int64_t *type, int32_t id[2]) {
  struct statfs facts;
  if (fstatfs(descriptor, &facts) != 0) return -1;
  *type = facts.f_type;
  memcpy(id, &facts.f_fsid, 2 * sizeof *id);
  return 0;
}

ssize_t hs_random(void *buffer, size_t size) { return getrandom(buffer, size, 0); }

int hs_fcntl(int descriptor, int command, int argument) { return fcntl(descriptor, command, argument); }

int hs_status_of(int directory, const char *path, struct hs_status *out) {
  struct statx s;
  memset(&s, 0, sizeof s);
  int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (path[0] ? 0 : AT_EMPTY_PATH);
  unsigned int mask = STATX_BASIC_STATS | STATX_BTIME | 0x1000 /* STATX_MNT_ID */;
  if (statx(directory, path, flags, mask, &s) != 0) return -1;
  out->inode = s.stx_ino;
  out->device = ((uint64_t)s.stx_dev_major << 32) | s.stx_dev_minor;
  out->mount = (s.stx_mask & 0x1000) ? s.stx_mnt_id : 0;
  out->size = s.stx_size;
  out->blocks = s.stx_blocks;
  out->special = ((uint64_t)s.stx_rdev_major << 32) | s.stx_rdev_minor;
  out->links = s.stx_nlink;
  out->mode = s.stx_mode;
  out->owner = s.stx_uid;
  out->group = s.stx_gid;
  out->attributes = (uint32_t)(s.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND));
  out->modified_seconds = s.stx_mtime.tv_sec;
  out->modified_nanoseconds = s.stx_mtime.tv_nsec;
  out->changed_seconds = s.stx_ctime.tv_sec;
  out->changed_nanoseconds = s.stx_ctime.tv_nsec;
  out->born_seconds = (s.stx_mask & STATX_BTIME) ? s.stx_btime.tv_sec : 0;
  out->born_nanoseconds = (s.stx_mask & STATX_BTIME) ? s.stx_btime.tv_nsec : 0;
  return 0;
}

int hs_packet_socket(const char *interface, uint16_t protocol, uint8_t address[6]) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  if (strlen(interface) >= sizeof request.ifr_name) { errno = ENODEV; return -1; }
  strcpy(request.ifr_name, interface);
  /* Without a protocol until it is bound: nothing of other interfaces gets in. */
  int number = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (number < 0) return -1;
  struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
  if (ioctl(number, SIOCGIFHWADDR, &request) != 0) goto failed;
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) { errno = EAFNOSUPPORT; goto failed; }
  memcpy(address, request.ifr_hwaddr.sa_data, 6);
  if (ioctl(number, SIOCGIFINDEX, &request) != 0) goto failed;
  place.sll_ifindex = request.ifr_ifindex;
  if (bind(number, (struct sockaddr *)&place, sizeof place) != 0) goto failed;
  return number;
failed:;
  int error = errno;
  close(number);
  errno = error;
  return -1;
}

/* Between fork and exec only async-signal-safe calls stand here: the parent has other threads. */
static void become(const char *program, char *const arguments[], char *const environment[],
                   const int descriptors[3], const char *directory, int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
  setpgid(0, 0);
  /* First out of the way of 0..2, then onto them. */
  int high[3];
  for (int i = 0; i < 3; i++)
    if ((high[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 10)) < 0) goto failed;
  for (int i = 0; i < 3; i++)
    if (dup2(high[i], i) < 0) goto failed;
  if (directory && chdir(directory) != 0) goto failed;
  syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
  execve(program, arguments, environment);
failed:;
  int error = errno;
  ssize_t written = write(report, &error, sizeof error);
  (void)written;
  _exit(127);
}

pid_t hs_spawn(const char *program, char *const arguments[], char *const environment[],
               const int descriptors[3], const char *directory) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  int high = fcntl(report[1], F_DUPFD_CLOEXEC, 10);
  close(report[1]);
  if (high < 0) { close(report[0]); return -1; }
  pid_t child = fork();
  if (child == 0) become(program, arguments, environment, descriptors, directory, high);
  close(high);
  if (child < 0) { close(report[0]); return -1; }
  int error = 0;
  ssize_t got;
  do got = read(report[0], &error, sizeof error); while (got < 0 && errno == EINTR);
  close(report[0]);
  if (got == sizeof error) {
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    errno = error;
    return -1;
  }
  return child;
}

int hs_exited(int status) { return WIFEXITED(status); }
int hs_exit_code(int status) { return WEXITSTATUS(status); }
int hs_term_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
