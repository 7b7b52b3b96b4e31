# Tandem with its embedded database. Where the host offers no GPU to the container, the CPU computes.
# It listens on the loopback interface only (no API keys yet), so run it in the host's network:
#   docker build -t tandem . && docker run --network host -v tandem-data:/data tandem
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
