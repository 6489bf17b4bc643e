# FreeSWITCH with what CallFabric uses, built from the source its measurements were made on (1.11.2-dev, 2026-07-17):
# the packaged releases are older than the interface allowlist. Takes about 20 minutes on 2 cores.
#   docker build -f ops/images/freeswitch.Dockerfile -t callfabric-freeswitch .
FROM debian:bookworm-slim AS build
ARG FREESWITCH=0a54a48f3762ddb7ac9c263b7800f6da09fda3dd
ARG SOFIA_SIP=7333682a297f28130ff46d5ef0f9e2f72adca0e8
ARG SPANDSP=0c7bcebef4f057b99832a338aafab7e379ef1395
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates git autoconf automake libtool libtool-bin pkg-config make gcc g++ yasm nasm bison uuid-dev \
      libpcre2-dev libspeex-dev libspeexdsp-dev libcurl4-openssl-dev libsqlite3-dev libedit-dev libldns-dev \
      libssl-dev libsndfile1-dev libtiff-dev zlib1g-dev libjpeg-dev libopus-dev libncurses-dev
ENV PREFIX=/usr/local/freeswitch PKG_CONFIG_PATH=/usr/local/freeswitch/lib/pkgconfig
WORKDIR /src
RUN git init -q sofia-sip && cd sofia-sip && git fetch -q --depth 1 https://github.com/freeswitch/sofia-sip "$SOFIA_SIP" \
 && git checkout -q FETCH_HEAD && ./bootstrap.sh && ./configure --prefix="$PREFIX" --with-glib=no --disable-static \
 && make -j"$(nproc)" && make install
RUN git init -q spandsp && cd spandsp && git fetch -q --depth 1 https://github.com/freeswitch/spandsp "$SPANDSP" \
 && git checkout -q FETCH_HEAD && ./bootstrap.sh && ./configure --prefix="$PREFIX" --disable-static \
 && make -j"$(nproc)" && make install
RUN git init -q freeswitch && cd freeswitch && git fetch -q --depth 1 https://github.com/signalwire/freeswitch "$FREESWITCH" \
 && git checkout -q FETCH_HEAD && ./bootstrap.sh -j \
 && printf '%s\n' applications/mod_commands applications/mod_dptools applications/mod_conference \
      dialplans/mod_dialplan_xml endpoints/mod_sofia endpoints/mod_loopback event_handlers/mod_event_socket \
      event_handlers/mod_json_cdr formats/mod_sndfile formats/mod_native_file formats/mod_local_stream \
      formats/mod_tone_stream loggers/mod_console loggers/mod_logfile say/mod_say_en > modules.conf \
 && ./configure --prefix="$PREFIX" --disable-libvpx --disable-libyuv --disable-core-odbc-support \
      CFLAGS='-O2 -Wno-error' CXXFLAGS='-O2 -Wno-error' \
 && make -j"$(nproc)" && make install && make sounds-install

FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates libpcre2-8-0 libspeex1 libspeexdsp1 libcurl4 libsqlite3-0 libedit2 libldns3 libssl3 \
      libsndfile1 libtiff6 zlib1g libjpeg62-turbo libopus0 libncurses6 libuuid1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 990 callfabric && useradd --uid 991 --gid 990 --no-create-home freeswitch
COPY --from=build /usr/local/freeswitch /usr/local/freeswitch
COPY freeswitch-conf /etc/callfabric/freeswitch-conf
COPY dialplans /etc/callfabric/dialplans
RUN echo /usr/local/freeswitch/lib > /etc/ld.so.conf.d/freeswitch.conf && ldconfig \
 && install -d -o freeswitch -g callfabric /var/log/freeswitch /var/lib/freeswitch/db /var/lib/freeswitch/storage \
      /run/freeswitch /var/cache/freeswitch /etc/freeswitch/certs \
 # Written here, taken up and removed by the daemon: whichever container comes first, the group may do both.
 && install -d -o freeswitch -g callfabric -m 2770 /var/lib/callfabric/recordings /var/lib/callfabric/cdrs
USER freeswitch
ENTRYPOINT ["/usr/local/freeswitch/bin/freeswitch", "-nonat", "-nf", "-nc", "-u", "freeswitch", \
  "-conf", "/etc/callfabric/freeswitch-conf", "-log", "/var/log/freeswitch", "-db", "/var/lib/freeswitch/db", \
  "-run", "/run/freeswitch", "-temp", "/tmp", "-recordings", "/var/lib/callfabric/recordings", \
  "-storage", "/var/lib/freeswitch/storage", "-cache", "/var/cache/freeswitch", "-certs", "/etc/freeswitch/certs"]
