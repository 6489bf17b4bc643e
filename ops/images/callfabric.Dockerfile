# The daemon.
#   docker build -f ops/images/callfabric.Dockerfile -t callfabric .
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /usr/local/lib/callfabric
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY tsconfig.json LICENSE ./
COPY daemon daemon
COPY orm orm
COPY migrations migrations
RUN groupadd --gid 990 callfabric && useradd --uid 990 --gid 990 --no-create-home callfabric \
 && install -d -o callfabric -g callfabric -m 2770 /var/lib/callfabric/recordings /var/lib/callfabric/spool \
      /var/lib/callfabric/cdrs
USER callfabric
# Signals go to the daemon itself: it drains on SIGTERM.
ENTRYPOINT ["node", "daemon/callfabric.js"]
CMD ["start"]
