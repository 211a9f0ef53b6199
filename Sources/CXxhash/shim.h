#ifndef HOTSYNC_CXXHASH_SHIM_H
#define HOTSYNC_CXXHASH_SHIM_H
/* XXH3 with a secret of our own is declared in the part of the header that needs this. */
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>
#endif
