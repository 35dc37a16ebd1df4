################################################################################
#
# smcroute3
#
################################################################################

# The sources in which this folder lies.  It has a name of its own because Buildroot has a package
# smcroute, and takes no second one from an external tree.
SMCROUTE3_VERSION = 3.0.0
SMCROUTE3_SITE = $(BR2_EXTERNAL_SMCROUTE_PATH)/../..
SMCROUTE3_SITE_METHOD = local
SMCROUTE3_LICENSE = GPL-2.0+
SMCROUTE3_LICENSE_FILES = COPYING
SMCROUTE3_AUTORECONF = YES
SMCROUTE3_CONF_OPTS = --enable-mrdisc

ifeq ($(BR2_PACKAGE_LIBCAP),y)
SMCROUTE3_DEPENDENCIES += libcap
SMCROUTE3_CONF_OPTS += --with-libcap
else
SMCROUTE3_CONF_OPTS += --without-libcap
endif

ifeq ($(BR2_PACKAGE_SYSTEMD),y)
SMCROUTE3_DEPENDENCIES += systemd
SMCROUTE3_CONF_OPTS += --with-systemd
else
SMCROUTE3_CONF_OPTS += --without-systemd
endif

define SMCROUTE3_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(SMCROUTE3_PKGDIR)/S41smcroute \
		$(TARGET_DIR)/etc/init.d/S41smcroute
endef

define SMCROUTE3_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_IP_MULTICAST)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IP_MROUTE)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IPV6)
	$(call KCONFIG_ENABLE_OPT,CONFIG_IPV6_MROUTE)
endef

$(eval $(autotools-package))
