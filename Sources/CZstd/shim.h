#ifndef HOTSYNC_CZSTD_SHIM_H
#define HOTSYNC_CZSTD_SHIM_H
#include <zstd.h>
#include <zstd_errors.h>
#endif
