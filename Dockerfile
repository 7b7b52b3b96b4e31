# Tandem with its embedded database. Where the host offers no GPU to the container, the CPU computes.
# Without API keys it listens on the loopback interface only, so run it in the host's network:
#   docker build -t tandem . && docker run --network host -v tandem-data:/data tandem
# With keys, the first of which is made before the first start, for other machines too (docs/access.md):
#   docker run --rm -v tandem-data:/data tandem node dist/src/cli/main.js key create --name root --role admin
#   docker run -p 4000:4000 -v tandem-data:/data -e TANDEM_AUTH=required -e TANDEM_HOST=0.0.0.0 \
#     -e TANDEM_HOSTS=gpu.lan:4000 tandem
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production TANDEM_DATA=/data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4000
CMD ["node", "dist/src/cli/main.js", "serve"]
