#ifndef HOTSYNC_CLIBSSH2_SHIM_H
#define HOTSYNC_CLIBSSH2_SHIM_H
/* Neither SFTP nor the publickey subsystem: their headers stay out. */
#include <libssh2.h>
#endif
