# docker build -t sluice .
# docker run --rm -p 8080:8080 -p 9090:9090 sluice gateway --upstream HOST:PORT --listen :8080 --admin-listen :9090

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY scripts ./scripts
# Without scripts: nothing of a dependency has to run, and the sources to build are not here yet.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /src/package.json /src/LICENSE /src/NOTICE ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/proto ./proto
COPY --from=build /src/dist ./dist
# The user of the base image; a number, so that Kubernetes can see that it is not root.
USER 1000:1000
# Node handles SIGTERM itself here, so the process must get it: no shell, no npm in between.
ENTRYPOINT ["node", "dist/bin/sluice.js"]
CMD ["start", "--listen", ":8080", "--admin-listen", ":9090", "--data-dir", "/tmp/sluice"]
EXPOSE 8080 9090 50051
