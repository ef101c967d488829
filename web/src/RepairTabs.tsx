import { useEffect } from 'react';

/**
 * Makes GraphiQL's tabs of operations a list of buttons. It gives the items the role of tabs, which may hold no
 * buttons: screen readers then offer tabs that no key opens. The open tab is scrolled into view.
 */
export function RepairTabs() {
  useEffect(() => {
    const list = document.querySelector('.graphiql-tabs');
    if (!list) return;
    let shown: Element | null = null;
    const repair = () => {
      list.removeAttribute('role');
      for (const item of list.querySelectorAll('.graphiql-tab')) {
        item.removeAttribute('role');
        item.removeAttribute('aria-selected');
        const isActive = item.classList.contains('graphiql-tab-active');
        item.querySelector('.graphiql-tab-button')?.setAttribute('aria-current', String(isActive));
        if (!isActive || item === shown) continue;
        item.scrollIntoView({ block: 'nearest', inline: 'nearest' });
        shown = item;
      }
    };
    repair();
    const changes = new MutationObserver(repair);
    changes.observe(list, { subtree: true, childList: true, attributeFilter: ['role', 'aria-selected', 'class'] });
    return () => changes.disconnect();
  }, []);
  return null;
}
