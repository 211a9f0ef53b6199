#ifndef HOTSYNC_CLIBRSYNC_SHIM_H
#define HOTSYNC_CLIBRSYNC_SHIM_H
#include <stdio.h>
#include <librsync.h>
#endif
