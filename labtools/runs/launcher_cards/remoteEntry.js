// Cards in JupyterLab's launcher.  A prebuilt extension without a build: JupyterLab loads this
// file, hands over the libraries that it shares, and asks for "./extension".
(() => {
  const { category, cards } = /*what is shown*/ null;
  let shared;

  async function library(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  // Where a notebook's own copy goes: the first name that is free.
  async function written(app, folder, name, content) {
    const contents = app.serviceManager.contents;
    const there = await contents.get(folder).catch(async () => {
      const [above, last] = [folder.split("/").slice(0, -1).join("/"), folder.split("/").pop()];
      const made = await contents.newUntitled({ path: above, type: "directory" });
      return contents.rename(made.path, [above, last].filter(Boolean).join("/"));
    });
    const taken = new Set((there.content || []).map((it) => it.name));
    let path = `${name}.ipynb`;
    for (let n = 2; taken.has(path); n += 1) path = `${name}-${n}.ipynb`;
    await contents.save(`${folder}/${path}`, { type: "notebook", format: "json", content });
    return `${folder}/${path}`;
  }

  async function opened(app, card) {
    const path = card.content
      ? await written(app, card.folder, card.name, card.content)
      : card.path;
    if (!path.endsWith(".ipynb")) {
      return app.commands.execute("filebrowser:open-path", { path });
    }
    const panel = await app.commands.execute("docmanager:open", { path, factory: "Notebook" });
    if (card.run) {
      await panel.context.ready;
      await panel.sessionContext.ready;
      await app.commands.execute("notebook:run-all-cells");
    }
    return panel;
  }

  async function plugin() {
    const { ILauncher } = await library("@jupyterlab/launcher");
    const icons = await library("@jupyterlab/ui-components");
    return {
      id: "labtools-launcher:cards",
      autoStart: true,
      requires: [ILauncher],
      activate: (app, launcher) => {
        cards.forEach((card, rank) => {
          const command = `labtools:${card.id}`;
          app.commands.addCommand(command, {
            label: card.label,
            caption: card.caption,
            icon: icons[card.icon],
            execute: () => opened(app, card),
          });
          launcher.add({ command, category, rank });
        });
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["labtools-launcher"] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
